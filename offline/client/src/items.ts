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

/** Times are the device's milliseconds; sizes are bytes; `progress` is 0 to 1 over all bytes. */
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
  reasons: wire.Reason[]
  media: MediaView[]
  created_at: number
  corrects: string | null
  replaced_by: string | null
}

/** `progress` says how far something is on its way, by id; null when it is not. */
export function itemOf(
  record: OutboxRecord,
  photos: MediaRecord[],
  progress: (id: string) => number | null,
): OutboxItem {
  const command = JSON.parse(record.body) as wire.Command
  const media = photos.map((photo) => mediaView(photo, progress(photo.id)))
  const refused = photos.flatMap((photo) => photo.reason ?? [])
  const unsent = photos.filter((photo) => !photo.sent)
  const size = record.body.length + photos.reduce((sum, photo) => sum + photo.size, 0)
  const arrived =
    (record.state === 'accepted' ? record.body.length : 0) +
    media.reduce((sum, view) => sum + view.size * view.progress, 0)
  const moving = progress(record.id) !== null || media.some((view) => view.state === 'sending')
  return {
    id: record.id,
    type: record.type,
    payload: command.payload,
    state: stateOf(record, refused.length > 0, unsent.length > 0, moving),
    progress: size === 0 ? 0 : arrived / size,
    size,
    attempts: Math.max(record.attempts, ...unsent.map((photo) => photo.attempts)),
    next_try: Math.max(record.next_try, ...unsent.map((photo) => photo.next_try)),
    last_error: record.last_error ?? unsent.find((photo) => photo.last_error)?.last_error ?? null,
    receipt: record.receipt,
    reasons: [...record.reasons, ...refused],
    media,
    created_at: record.created_at,
    corrects: command.corrects,
    replaced_by: record.replaced_by,
  }
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
