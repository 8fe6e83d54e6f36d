// A model file for pictures of another size: the numbers in it that follow from height and width.

/**
 * Gives a copy of a file with these numbers put in.
 *
 * @param {Uint8Array} model The file for pictures of its own size.
 * @param {{multiple: number, terms: number[][], places: number[][]}} numbers Each place's number
 *     is c + a h + b w + p h w, where h and w are the sides in multiples.
 */
export function sized(model, numbers, height, width) {
  const copy = model.slice();
  const view = new DataView(copy.buffer);
  const h = height / numbers.multiple;
  const w = width / numbers.multiple;
  numbers.terms.forEach(([constant, byHeight, byWidth, product], kind) => {
    const number = constant + byHeight * h + byWidth * w + product * h * w;
    for (const place of numbers.places[kind]) view.setInt32(4 * place, number, true);
  });
  return copy;
}
