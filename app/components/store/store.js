// Takes bytes from the server and keeps them under the key on their first line, and says so; shows nothing.

import { putBlob } from "../js/blobs.js";

export default function ({ data, setTriggerValue }) {
  const end = data.indexOf(10);
  putBlob(new TextDecoder().decode(data.subarray(0, end)), data.subarray(end + 1));
  setTriggerValue("taken", true);
}
