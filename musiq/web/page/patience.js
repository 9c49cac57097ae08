/**
 * What a task gives, tried again while the server is away or busy.
 *
 * @param {() => Promise<any>} task
 * @param {number} tries the last refusal stands after so many.
 * @param {AbortSignal} [signal] ends the waiting.
 */
export async function patiently(task, tries = 15, signal = undefined) {
  for (let left = tries; ; left -= 1) {
    try {
      return await task();
    } catch (error) {
      if (!error.passing || left <= 1) throw error;
      await new Promise((done) => setTimeout(done, (error.retryAfter ?? 2) * 1000));
      signal?.throwIfAborted();
    }
  }
}
