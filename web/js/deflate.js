// Raw deflate streams, by what browsers have for them.

export const deflate = (bytes) => through(new CompressionStream("deflate-raw"), bytes, Infinity);

/** Fails for what is no such stream. Of what holds more than `most` bytes it gives a little more than those. */
export const inflate = (bytes, most) => through(new DecompressionStream("deflate-raw"), bytes, most);

async function through(stream, bytes, most) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const pieces = [];
  let length = 0;
  while (length <= most) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    length += value.length;
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
