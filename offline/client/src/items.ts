/** How a recorded item is shown: one state, and why. */

import type { wire } from '@xunge/types'
import type { MediaRecord, OutboxRecord } from './records'

/**
 * queued: waits to be sent · sending: on its way · waiting_media: the service has the record, photos
 * are to follow · sent: all of it arrived · held: the service keeps it until another one comes ·
 * refused: needs the user · replaced: refused, and corrected by another item
 */
export type ItemState =
  'queued' | 'sending' | 'waiting_media' | 'sent' | 'held' | 'refused' | 'replaced'

export interface MediaView {
  id: string
  kind: 'photo' | 'audio' | 'file'
  name: string
  size: number
  state: 'waiting' | 'sending' | 'sent' | 'refused'
  progress: number
}

/**
 * Times are the device's milliseconds; sizes are bytes; `progress` is 0 to 1 over all bytes. A
 * `locked` one has no type and payload: only the service can read it. `code` is what people read
 * out of its receipt. `checking`: taken before, and asked about again since the service was
 * restored. `origin` is the device whose file brought it.
 */
export interface OutboxItem {
  id: string
  type: string
  payload: unknown
  state: ItemState
  progress: number
  size: number
  attempts: number
  next_try: number
  last_error: string | null
  receipt: wire.Receipt | null
  code: string | null
  reasons: wire.Reason[]
  media: MediaView[]
  urgent: boolean
  locked: boolean
  checking: boolean
  waits_for_wifi: boolean
  origin: string | null
  created_at: number
  corrects: string | null
  replaced_by: string | null
}

/**
 * `progress` says how far something is on its way, by id; null when it is not. `sparing`: photos wait
 * for a network that does not cost.
 */
export function itemOf(
  record: OutboxRecord,
  photos: MediaRecord[],
  sparing: boolean,
  progress: (id: string) => number | null,
): OutboxItem {
  const command = record.body === null ? null : (JSON.parse(record.body) as wire.Command)
  const media = photos.map((photo) => mediaView(photo, progress(photo.id)))
  const refused = photos.flatMap((photo) => photo.reason ?? [])
  const unsent = photos.filter((photo) => !photo.sent)
  const text = (record.body ?? record.sealed ?? '').length
  const size = text + photos.reduce((sum, photo) => sum + photo.size, 0)
  const arrived =
    (record.state === 'accepted' ? text : 0) +
    media.reduce((sum, view) => sum + view.size * view.progress, 0)
  const moving = progress(record.id) !== null || media.some((view) => view.state === 'sending')
  const state = stateOf(record, refused.length > 0, unsent.length > 0, moving)
  return {
    id: record.id,
    type: record.type,
    payload: command?.payload ?? null,
    state,
    progress: size === 0 ? 0 : arrived / size,
    size,
    attempts: Math.max(record.attempts, ...unsent.map((photo) => photo.attempts)),
    next_try: Math.max(record.next_try, ...unsent.map((photo) => photo.next_try)),
    last_error: record.last_error ?? unsent.find((photo) => photo.last_error)?.last_error ?? null,
    receipt: record.receipt,
    code: record.receipt && (record.receipt.number ?? shortCode(record.receipt.digest)),
    reasons: [...record.reasons, ...refused],
    media,
    urgent: record.urgent,
    locked: record.body === null,
    checking: record.receipt !== null && (record.state === 'queued' || record.state === 'held'),
    waits_for_wifi: sparing && state === 'waiting_media' && unsent.some(({ anyway }) => !anyway),
    origin: record.origin,
    created_at: record.created_at,
    corrects: record.corrects,
    replaced_by: record.replaced_by,
  }
}

/** Eight digits to tell a receipt without a number by, on the phone. */
function shortCode(digest: string): string {
  const digits = String(Number.parseInt(digest.slice(0, 12), 16) % 100_000_000).padStart(8, '0')
  return `${digits.slice(0, 4)}-${digits.slice(4)}`
}

function stateOf(
  record: OutboxRecord,
  refusedMedia: boolean,
  unsentMedia: boolean,
  moving: boolean,
): ItemState {
  if (record.replaced_by !== null) return 'replaced'
  if (record.state === 'refused' || refusedMedia) return 'refused'
  if (moving) return 'sending'
  if (record.state !== 'accepted') return record.state
  return unsentMedia ? 'waiting_media' : 'sent'
}

function mediaView(photo: MediaRecord, progress: number | null): MediaView {
  const { id, kind, name, size } = photo
  if (photo.sent) return { id, kind, name, size, state: 'sent', progress: 1 }
  if (photo.reason !== null) return { id, kind, name, size, state: 'refused', progress: 0 }
  const state = progress === null ? 'waiting' : 'sending'
  return { id, kind, name, size, state, progress: progress ?? 0 }
}
