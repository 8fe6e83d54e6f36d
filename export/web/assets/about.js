// What both kinds of page say of themselves.

import {inMegabytes} from './download.js';
import {list} from './elements.js';

/** Lists the facts of what is open. */
export function showAbout(opened, name, offline) {
  const {max_abs: difference, psnr_db: decibels, precision, bytes} = opened.model;
  const levels = difference * 127.5;
  const largest = levels < 0.01 ? 'under 0.01' : levels.toFixed(2);
  list('about', {
    Model: `${opened.site.variant}, ${name}`,
    File: `${precision}, ${inMegabytes(bytes)}`,
    'Beside Keras': `${decibels === null ? 'equal' : `${decibels.toFixed(1)} dB`}, largest difference ${largest} of 255, as exported`,
    'Computed by': opened.words(),
    'Without a connection': offline
      ? 'works, with what was loaded'
      : 'not here: browsers want https, or localhost, for it',
    'Made with': `tfi2i ${opened.site.tfi2i}, LiteRT.js ${opened.site.litertjs}`,
  });
}
