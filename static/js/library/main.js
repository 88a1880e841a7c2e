// A collection's page: uploads with progress, and documents that show how far they are.

import { acceptDrops } from "../drop.js";
import { actInPlace } from "./actions.js";
import { follow } from "./socket.js";
import { Table } from "./table.js";
import { Uploader } from "./upload.js";

const page = document.querySelector("[data-collection]");
const table = new Table(page);
const uploader = new Uploader(page, (html) => table.add(html));

acceptDrops(document.querySelector("[data-drop-veil]"), (files) => uploader.send(files));
actInPlace(document.querySelector("[data-delete-dialog]"), page);
follow(page.dataset.collection, {
  frame: (frame) => table.apply(frame),
  live: (live) => { page.querySelector("[data-offline]").hidden = live; },
  ended: () => location.reload(),
});
