// Takes bytes from the server and keeps them under the key on their first line; shows nothing.

import { putBlob } from "../js/blobs.js";

export default function ({ data }) {
  const end = data.indexOf(10);
  putBlob(new TextDecoder().decode(data.subarray(0, end)), data.subarray(end + 1));
}
