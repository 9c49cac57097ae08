/** The files that were dropped, those in dropped folders too; names that begin with a dot are left out. */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  return (await Promise.all(entries.map(filesOf))).flat();
}

async function filesOf(entry) {
  if (entry.name.startsWith(".")) return [];
  if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))];
  const files = [];
  for (const inside of await readAll(entry.createReader())) files.push(...(await filesOf(inside)));
  return files;
}

/** A reader gives the entries of a folder in parts, and none at the end. */
async function readAll(reader) {
  const entries = [];
  for (;;) {
    const part = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!part.length) return entries;
    entries.push(...part);
  }
}
