// Grey images on canvases.

// Paint floats in [0, 1], clipped, onto a canvas of the image's own size.
export function paintFloats(canvas, values, width, height = width) {
  paint(canvas, width, height, (i) => Math.max(0, Math.min(255, values[i] * 255 + 0.5)) | 0);
}

// Paint bytes, 0 black to 255 white.
export function paintBytes(canvas, values, width, height = width) {
  paint(canvas, width, height, (i) => values[i]);
}

const BUFFERS = new WeakMap(); // canvas -> { image, pixels }: made once, not at every frame

function paint(canvas, width, height, grey) {
  let buffer = BUFFERS.get(canvas);
  if (!buffer || buffer.image.width !== width || buffer.image.height !== height) {
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height);
    buffer = { context, image, pixels: new Uint32Array(image.data.buffer) };
    BUFFERS.set(canvas, buffer);
  }
  const { context, image, pixels } = buffer;
  for (let i = 0; i < pixels.length; i++) pixels[i] = 0xff000000 | (grey(i) * 0x010101);
  context.putImageData(image, 0, 0);
}
