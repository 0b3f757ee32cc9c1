// Grey pictures on canvases. A canvas has one canvas pixel an image pixel; CSS enlarges it, pixelated.

// -> paint(pixels, offset = 0): draws height * width values from `offset`: bytes, or floats, which are clipped to
// the span [low, high] that is shown from black to white.
export function makePainter(canvas, height, width, [low, high] = [0, 1]) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { alpha: false });
  const image = context.createImageData(width, height);
  const colours = new Uint32Array(image.data.buffer); // 0xAABBGGRR
  return (pixels, offset = 0) => {
    const bytes = pixels instanceof Uint8Array;
    const scale = bytes ? 1 : 255 / (high - low), shift = bytes ? 0.5 : 0.5 - low * scale;
    for (let i = 0; i < colours.length; i++) {
      const grey = Math.min(255, Math.max(0, pixels[offset + i] * scale + shift)) | 0;
      colours[i] = 0xff000000 | (grey * 0x010101);
    }
    context.putImageData(image, 0, 0);
  };
}
