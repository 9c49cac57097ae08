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
 * The server's answer.
 *
 * @param {string} path below /api/.
 * @param {{method?: string, json?: any, body?: FormData, signal?: AbortSignal}} question
 * @throws {ApiError} every answer of 400 and more, and none at all.
 */
export async function ask(path, { method = "GET", json, body, signal } = {}) {
  const headers = json === undefined ? {} : { "Content-Type": "application/json" };
  let answer;
  try {
    answer = await fetch(`api/${path}`, {
      method,
      headers,
      body: json === undefined ? body : JSON.stringify(json),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", "the server does not answer");
  }
  if (!answer.ok) throw await refusal(answer);
  return answer;
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

const asked = async (path, question) => (await ask(path, question)).json();

export const getStatus = () => asked("status");
export const getCheckpoint = () => asked("checkpoint");
export const getPhotos = (since, limit) => asked(`photos?since=${since}&limit=${limit}`);
export const getMaps = (id, signal) => asked(`photos/${id}/maps`, { signal });
export const getBurst = (id) => asked(`photos/${id}/burst`);
export const getThumbnail = async (id, px, signal) => (await ask(`photos/${id}/thumbnail?px=${px}`, { signal })).blob();
export const putPick = (id, pick) => asked(`photos/${id}/pick`, { method: "PUT", json: { pick } });
export const putPicks = (ids, pick) => asked("picks", { method: "PUT", json: { ids, pick } });
export const getJobs = () => asked("jobs");
export const startJob = (paths) => asked("jobs", { method: "POST", json: { paths, recursive: true } });
export const cancelJob = (id) => asked(`jobs/${id}`, { method: "DELETE" });
export const clearUploads = () => asked("uploads", { method: "DELETE" });
export const exportPhotos = (format, ids) => ask("export", { method: "POST", json: { format, ids } });

/** The photos that the server made of a file; answers when it is scored. */
export function uploadFile(file, signal) {
  const body = new FormData();
  body.append("files", file, file.name);
  return asked("photos", { method: "POST", body, signal });
}

/** Address of a photo's picture: the file itself, or a JPEG of at most `px`. */
export const imageAddress = (id, px = null) => `api/photos/${id}/image${px ? `?px=${px}` : ""}`;
