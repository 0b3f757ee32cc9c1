// Takes a blob from Python and keeps it for the other components. Shows nothing.

import { putBlob } from "../js/blobs.js";

export default function ({ data }) {
  if (!(data instanceof Uint8Array)) return;
  const end = data.indexOf(10); // the key is the first line
  putBlob(new TextDecoder().decode(data.subarray(0, end)), data.subarray(end + 1));
}
