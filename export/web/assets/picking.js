// Buttons that are pictures of the page's folder.

import {guarded} from './elements.js';

/** A button that gives its picture's file to `take`, and stays pressed until another is chosen. */
export function pictureButton(address, name, take) {
  const [button, picture] = [document.createElement('button'), new Image()];
  button.type = 'button';
  button.setAttribute('aria-pressed', 'false');
  Object.assign(picture, {src: address, alt: name});
  button.append(picture);
  button.onclick = guarded(async () => {
    await take(await (await fetch(address)).blob(), address.split('/').pop());
    button.setAttribute('aria-pressed', 'true');
  });
  return button;
}
