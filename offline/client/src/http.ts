/** JSON over HTTP, with every way to fail told apart: no answer that counts, or a clear no. */

import { ApiError, Unavailable, words } from './errors'
import type { Clock } from './ports'

const TIMEOUT_MS = 60_000
/** Most pulls name more buckets than fit in this. */
const WORTH_ZIPPING = 512

interface Answer {
  status: number
  ok: boolean
  retry: string | null
  text: string
}

export interface Http {
  request<T>(method: string, path: string, body?: unknown): Promise<T>
  /** The bytes of a file as they come. Ends with Unavailable when they stop coming. */
  stream(path: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>
}

/** `heard` is told after each request whether the server could be reached. */
export function openHttp(
  api: string,
  fetch: typeof globalThis.fetch,
  clock: Clock,
  heard: (reached: boolean) => void,
): Http {
  async function send(method: string, path: string, body: unknown): Promise<Answer> {
    const abort = new AbortController()
    const stop = clock.after(TIMEOUT_MS, () => abort.abort())
    try {
      const response = await fetch(api + path, {
        method,
        credentials: 'same-origin',
        signal: abort.signal,
        ...(body === undefined ? {} : await encode(body)),
      })
      const { status, ok } = response
      return { status, ok, retry: response.headers.get('retry-after'), text: await response.text() }
    } catch {
      throw new Unavailable(abort.signal.aborted ? words.slow : words.offline)
    } finally {
      stop()
    }
  }
  /** Each piece has as long as a whole answer has. */
  async function open(path: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const abort = new AbortController()
    let stop = clock.after(TIMEOUT_MS, () => abort.abort())
    const lost = (): Unavailable => {
      stop()
      return new Unavailable(abort.signal.aborted ? words.slow : words.offline)
    }
    const { signal } = abort
    const response = await fetch(api + path, { credentials: 'same-origin', signal }).catch(() => {
      throw lost()
    })
    if (!response.ok || response.body === null) {
      const { status, ok } = response
      const text = await response.text().catch(() => {
        throw lost()
      })
      stop()
      decode({ status, ok, retry: response.headers.get('retry-after'), text })
      throw new Unavailable(words.intercepted)
    }
    const reader = response.body.getReader()
    return new ReadableStream({
      async pull(to) {
        stop()
        stop = clock.after(TIMEOUT_MS, () => abort.abort())
        try {
          const { done, value } = await reader.read()
          if (value) to.enqueue(value)
          if (!done) return
          stop()
          to.close()
        } catch {
          to.error(lost())
        }
      },
      cancel(reason) {
        stop()
        return reader.cancel(reason)
      },
    })
  }
  return {
    async stream(path) {
      try {
        return await open(path)
      } catch (error) {
        heard(error instanceof ApiError)
        throw error
      }
    },
    async request<T>(method: string, path: string, body?: unknown): Promise<T> {
      try {
        const answer = decode(await send(method, path, body)) as T
        heard(true)
        return answer
      } catch (error) {
        heard(error instanceof ApiError)
        throw error
      }
    },
  }
}

async function encode(body: unknown): Promise<{ body: BodyInit; headers?: HeadersInit }> {
  if (body instanceof FormData) return { body }
  const text = JSON.stringify(body)
  const headers = { 'content-type': 'application/json' }
  if (text.length < WORTH_ZIPPING || !('CompressionStream' in globalThis))
    return { body: text, headers }
  const zipped = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return {
    body: await new Response(zipped).arrayBuffer(),
    headers: { ...headers, 'content-encoding': 'gzip' },
  }
}

/** An answer that is not our JSON comes from a gateway or a captive portal, not from the service. */
function decode({ status, ok, retry, text }: Answer): unknown {
  if (status >= 500 || status === 429 || status === 408)
    throw new Unavailable(
      words.busy(status),
      retry === null ? null : Number(retry) * 1000 || null,
      status,
    )
  let answer: unknown = null
  try {
    answer = text === '' && ok ? null : JSON.parse(text)
  } catch {
    throw new Unavailable(words.intercepted)
  }
  if (ok) return answer
  if (!isError(answer)) throw new Unavailable(words.intercepted)
  throw new ApiError(status, answer.code, answer.message, answer.field ?? null)
}

function isError(answer: unknown): answer is { code: string; message: string; field?: string } {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'code' in answer &&
    typeof answer.code === 'string' &&
    'message' in answer &&
    typeof answer.message === 'string'
  )
}
