// Pictures that a user gives: files, what is pasted, samples, and frames of the camera.

import {fromRgba} from './pixels.js';

// Browsers of phones have no larger canvas.
const MOST_PIXELS = 16_000_000;

/** The pixels of a file: upright, in sRGB, over white where it is transparent. */
export async function readPicture(file, channels) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap === null) {
    throw new Error(`${file.name ?? 'This'} is no picture that this browser can read`);
  }
  if (bitmap.width * bitmap.height > MOST_PIXELS) {
    throw new Error(
      `This picture has ${bitmap.width} x ${bitmap.height} pixels; a page takes up to 16 million. ` +
        'tfi2i translate takes larger ones',
    );
  }
  return pixelsOf(bitmap, [0, 0, bitmap.width, bitmap.height], bitmap.width, bitmap.height, channels);
}

/** The middle of a frame in the shape of a size, and in that size. */
export function readFrame(video, height, width, channels) {
  const share = Math.min(video.videoWidth / width, video.videoHeight / height);
  const [w, h] = [share * width, share * height];
  const part = [(video.videoWidth - w) / 2, (video.videoHeight - h) / 2, w, h];
  return pixelsOf(video, part, width, height, channels);
}

/** All of a frame in its own size. */
export function readWhole(video, channels) {
  const [width, height] = [video.videoWidth, video.videoHeight];
  return pixelsOf(video, [0, 0, width, height], width, height, channels);
}

function pixelsOf(source, part, width, height, channels) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', {willReadFrequently: true, alpha: false});
  context.imageSmoothingQuality = 'high';
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.drawImage(source, ...part, 0, 0, width, height);
  return fromRgba(context.getImageData(0, 0, width, height), channels);
}

/** The stream of the camera, the one that looks away from the user where there are two. */
export async function openCamera(video) {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: 'environment'}});
    video.srcObject = stream;
    await video.play();
    return () => stream.getTracks().forEach((track) => track.stop());
  } catch (error) {
    const refused = error.name === 'NotAllowedError';
    throw new Error(refused ? 'The camera was not allowed' : `No camera: ${error.message}`);
  }
}
