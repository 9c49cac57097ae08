/** What the server refused, or that it did not answer (status 0). `message` is a sentence for people. */
export class ApiError extends Error {
  constructor(status, kind, reason, retryAfter = null) {
    super(reason);
    Object.assign(this, { status, kind, retryAfter });
  }

  /** Whether the same question may be answered a little later. */
  get passing() {
    return this.status === 0 || this.status === 503;
  }
}

/**
 * What is read of the server's answer.
 *
 * @param {string} path below /api/.
 * @param {{method?: string, json?: any, body?: FormData, signal?: AbortSignal}} question
 * @param {(answer: Response) => Promise<any>} read
 * @throws {ApiError} every answer of 400 and more, none at all, and one that is cut off.
 */
async function ask(path, { method = "GET", json, body, signal } = {}, read = (answer) => answer.json()) {
  const headers = json === undefined ? {} : { "Content-Type": "application/json" };
  const content = json === undefined ? body : JSON.stringify(json);
  try {
    const answer = await fetch(`api/${path}`, { method, headers, body: content, signal });
    if (!answer.ok) throw await refusal(answer);
    return await read(answer);
  } catch (error) {
    if (error.name === "AbortError" || error instanceof ApiError) throw error;
    throw new ApiError(0, "offline", "the server does not answer");
  }
}

async function refusal(answer) {
  const wait = Number(answer.headers.get("Retry-After")) || null;
  try {
    const { error } = await answer.json();
    return new ApiError(answer.status, error.kind, error.reason, wait);
  } catch {
    return new ApiError(answer.status, "internal", `the server answered ${answer.status}`, wait);
  }
}

const asBlob = (answer) => answer.blob();

export const getStatus = () => ask("status");
export const getCheckpoint = () => ask("checkpoint");
export const getPhotos = (since, limit) => ask(`photos?since=${since}&limit=${limit}`);
export const getMaps = (id, signal) => ask(`photos/${id}/maps`, { signal });
export const getBurst = (id) => ask(`photos/${id}/burst`);
export const getThumbnail = (id, px, signal) => ask(`photos/${id}/thumbnail?px=${px}`, { signal }, asBlob);
export const getImage = (id, px) => ask(`photos/${id}/image?px=${px}`, {}, asBlob);
export const putPick = (id, pick) => ask(`photos/${id}/pick`, { method: "PUT", json: { pick } });
export const putPicks = (ids, pick) => ask("picks", { method: "PUT", json: { ids, pick } });
export const getJobs = () => ask("jobs");
export const startJob = (paths) => ask("jobs", { method: "POST", json: { paths, recursive: true } });
export const cancelJob = (id) => ask(`jobs/${id}`, { method: "DELETE" });
export const clearUploads = () => ask("uploads", { method: "DELETE" });

/** A file as a blob, and the server's name for it. */
export function exportPhotos(format, ids) {
  return ask("export", { method: "POST", json: { format, ids } }, async (answer) => {
    const [, name] = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition")) ?? [];
    return { name, blob: await answer.blob() };
  });
}

/** The photos that the server made of a file; answers when it is scored. */
export function uploadFile(file, signal) {
  const body = new FormData();
  body.append("files", file, file.name);
  return ask("photos", { method: "POST", body, signal });
}

/** Address of a photo's picture: the file itself, or a JPEG of at most `px`. */
export const imageAddress = ({ id, picture }, px = null) =>
  `api/photos/${id}/image?${px ? `px=${px}&` : ""}v=${picture}`; // another file has another address
