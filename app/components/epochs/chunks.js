// What has arrived of the runs' epochs, unpacked: chunks of consecutive epochs, as the page gets them.

import { blob, dropBlob } from "../js/blobs.js";
import { unpackChunk, unpackPoints } from "./frames.js";

const UNPACKED = 160; // chunks kept: of grids, which are the largest, 125 MB

// arrived(): called when there are more frames.
export function makeChunks(arrived) {
  const unpacked = new Map(); // chunk -> {key, frames: Map of epoch -> frame}, least recently used first
  const asked = new Map(); // chunk -> key of the blob that is awaited
  let open = true;

  return {
    // An epoch's frame; undefined until it has arrived, and null where it has not come with its chunk: it is damaged.
    frame(run, kind, epoch, size) {
      const chunk = ask(run, kind, chunkOf(epoch, size), size);
      const held = unpacked.get(chunk);
      if (!held) return undefined;
      unpacked.delete(chunk);
      unpacked.set(chunk, held);
      return held.frames.get(epoch) ?? null;
    },
    // Unpack all of these kinds as they arrive, so that a drag finds them; where they are too many, as it goes.
    prepare(runs, kinds, size) {
      const wanted = runs.flatMap((run) => kinds.flatMap((kind) => {
        return [...new Set(run.grids[kind]?.map((epoch) => chunkOf(epoch, size)))].map((number) => [run, kind, number]);
      }));
      if (wanted.length <= UNPACKED) for (const [run, kind, number] of wanted) ask(run, kind, number, size);
    },
    close() {
      open = false;
    },
  };

  // A chunk that has grown has another key.
  function ask(run, kind, number, size) {
    const chunk = `${run.id}/${run.version}/${kind}/${number}`;
    const newest = run.grids[kind].findLast((epoch) => chunkOf(epoch, size) === number);
    const key = `grids/${run.id}/${run.version}/${kind}/${number}-${newest}`;
    if (asked.get(chunk) !== key) {
      asked.set(chunk, key);
      unpack(chunk, key, kind === "points" ? unpackPoints : unpackChunk);
    }
    return chunk;
  }

  async function unpack(chunk, key, read) {
    const frames = await read(await blob(key));
    if (!open || asked.get(chunk) !== key) return;
    const old = unpacked.get(chunk);
    if (old) dropBlob(old.key);
    unpacked.set(chunk, { key, frames: new Map(frames.map((frame) => [frame.epoch, frame])) });
    for (const least of unpacked.keys()) {
      if (unpacked.size <= UNPACKED) break;
      unpacked.delete(least);
      asked.delete(least);
    }
    arrived();
  }
}

function chunkOf(epoch, size) {
  return Math.floor(Math.max(0, epoch - 1) / size);
}
