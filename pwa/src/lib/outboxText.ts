import type { ItemState, OutboxItem } from '@xunge/client'
import { span } from './time'

export const itemNames: Record<ItemState, string> = {
  queued: '等待发送',
  sending: '正在发送',
  waiting_media: '照片待传',
  sent: '已送达',
  held: '暂存在服务器',
  refused: '被退回，需要更正',
  replaced: '已更正重发',
}

/** What a command on several cases is called; the others are called by their category or action. */
export const orderNames: Record<string, string> = {
  'case.merge': '并入其他案件',
  'case.split': '拆出案件',
  'case.hand_over': '交班',
}

/** What an item waits for, in words; empty when there is nothing to say. */
export function waitText(item: OutboxItem, now: number): string {
  if (item.state === 'held') return item.reasons[0]?.message ?? '等前一条记录处理后自动继续'
  if (item.state !== 'queued' && item.state !== 'waiting_media') return ''
  const why = item.last_error ?? ''
  const later = item.next_try > now + 5_000 ? `，约 ${span(item.next_try - now)}后再试` : ''
  return why ? `${why}${later}` : ''
}

export function sizeText(bytes: number): string {
  return bytes < 1_000_000
    ? `${Math.max(1, Math.round(bytes / 1000))} KB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** The record itself was refused; a refused photo of a taken record only needs another try. */
export function needsCorrection(item: OutboxItem): boolean {
  return item.state === 'refused' && !item.media.some(({ state }) => state === 'refused')
}
