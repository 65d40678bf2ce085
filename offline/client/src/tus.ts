/** The uploader port on tus-js-client, loaded when the first photo goes. */

import type { DetailedError, HttpStack } from 'tus-js-client'
import { ApiError, Unavailable, words } from './errors'
import type { Uploader } from './ports'

const PIECE_BYTES = 512 * 1024
const CHECKSUM_MISMATCH = 460
const CONFLICT = 409
const LATER = new Set([408, CONFLICT, 423, 429])

/** `httpStack` replaces the platform's HTTP, for tests and other hosts. */
export function tusUploader(
  endpoint: string,
  options: { httpStack?: HttpStack; chunkSize?: number } = {},
): Uploader {
  return {
    async upload({ id, kind, name, type, sha256, sealed, bytes, url }, located, progress) {
      const { Upload } = await import('tus-js-client')
      let locating = Promise.resolve()
      let at = url
      const relocate = (to: string | null): void => {
        at = to
        locating = locating.then(() => located(to))
      }
      const send = (): Promise<void> =>
        new Promise((resolve, reject) => {
          const upload = new Upload(new Blob([bytes], { type }), {
            endpoint,
            uploadUrl: at,
            metadata: { id, kind, sha256, name, ...(sealed !== null && { sealed }) },
            chunkSize: PIECE_BYTES,
            retryDelays: null,
            storeFingerprintForResuming: false,
            onUploadUrlAvailable: () => relocate(upload.url),
            onProgress: (sent, total) => progress(total === 0 ? 0 : sent / total),
            onSuccess: () => resolve(),
            onError: reject,
            ...options,
          })
          upload.start()
        })
      try {
        // Announced again after a kill, an upload may have bytes already: ask how many, and go on.
        await send().catch((error: unknown) => {
          if (statusOf(error) !== CONFLICT || at === url) throw error
          return send()
        })
      } catch (error) {
        const failure = translate(error)
        if (failure.message === words.broken) relocate(null)
        throw failure
      } finally {
        await locating
      }
    },
  }
}

function statusOf(error: unknown): number | null {
  return (error as Partial<DetailedError>).originalResponse?.getStatus() ?? null
}

function translate(error: unknown): Error {
  const response = (error as Partial<DetailedError>).originalResponse
  if (!response) return new Unavailable(words.offline)
  const status = response.getStatus()
  if (status === CHECKSUM_MISMATCH) return new Unavailable(words.broken)
  if (status < 400) return new Unavailable(words.intercepted)
  if (status >= 500 || LATER.has(status)) {
    const seconds = Number(response.getHeader('Retry-After') ?? Number.NaN)
    return new Unavailable(words.busy(status), Number.isFinite(seconds) ? seconds * 1000 : null)
  }
  try {
    const { code, message } = JSON.parse(response.getBody()) as { code: string; message: string }
    return new ApiError(status, code, message)
  } catch {
    return new Unavailable(words.intercepted)
  }
}
