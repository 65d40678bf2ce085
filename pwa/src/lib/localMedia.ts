/** Photos taken on this page, by media id: shown at once, and given to the store with the draft. */
const blobs = new Map<string, Blob>()

export const localMedia = {
  put: (id: string, blob: Blob) => blobs.set(id, blob),
  get: (id: string) => blobs.get(id),
}
