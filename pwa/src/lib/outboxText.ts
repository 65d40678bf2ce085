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

/** What a command is called that is not called by its category or action. */
const commandNames: Record<string, string> = {
  'case.merge': '并入其他案件',
  'case.split': '拆出案件',
  'case.hand_over': '交班',
  'person.record': '登记人员',
  'person.edit': '修改人员信息',
  'room.record': '登记房屋',
  'room.edit': '修改房屋信息',
  'dispute.settle': '核定有争议的信息',
  'command.decide': '处理待定的提交',
}

/** An app of the next version may have left one here that this one has no name for. */
export function commandName(type: string): string {
  return commandNames[type] ?? '其他记录'
}

/** Fields of payloads by the last name of their path. */
const fieldNames: Record<string, string> = {
  category: '类别',
  description: '描述',
  address: '地址',
  position: '位置',
  media: '照片',
  opinion: '意见',
  verdict: '结论',
  reason: '原因',
  targets: '派遣对象',
  limit: '时限',
  until: '日期',
  answers: '表单',
  people: '人员',
  reporter: '举报人',
  name: '姓名',
  phone: '电话',
  id_number: '证件号码',
  room: '房屋',
  cases: '案件',
  to: '接班人',
}

/** The field that a reason speaks of, as the form calls it; empty when it is of the whole. */
export function fieldName(path: string | null): string {
  const parts = (path ?? '').split(/[.[\]]+/).reverse()
  return parts.map((part) => fieldNames[part]).find(Boolean) ?? ''
}

/** What an item waits for, in words; empty when there is nothing to say. */
export function waitText(item: OutboxItem, now: number): string {
  if (item.state === 'held') return item.reasons[0]?.message ?? '等前一条记录处理后自动继续'
  if (item.state !== 'queued' && item.state !== 'waiting_media') return ''
  if (item.waits_for_wifi) return '等待无线网络，连上后自动发送'
  if (item.checking) return '服务恢复过，正在核对'
  const why = item.last_error ?? ''
  const later = item.next_try > now + 5_000 ? `，约 ${span(item.next_try - now)}后再试` : ''
  return why ? `${why}${later}` : ''
}

/** 3 张照片，已传 1 张; empty without any. */
export function mediaText({ media }: OutboxItem): string {
  if (media.length === 0) return ''
  const sent = media.filter(({ state }) => state === 'sent').length
  const only = media.every(({ kind }) => kind === 'photo')
  const name = only ? `${media.length} 张照片` : `${media.length} 个附件`
  return sent === media.length ? name : `${name}，已传 ${sent}`
}

export function sizeText(bytes: number): string {
  return bytes < 1_000_000
    ? `${Math.max(1, Math.round(bytes / 1000))}\u00a0KB`
    : `${(bytes / 1_000_000).toFixed(1)}\u00a0MB`
}

/** The record itself was refused; a refused photo of a taken record only needs another try. */
export function needsCorrection(item: OutboxItem): boolean {
  return item.state === 'refused' && !item.media.some(({ state }) => state === 'refused')
}

export type OutboxFilter = 'all' | 'unsent' | 'refused'

export function belongs(item: OutboxItem, filter: OutboxFilter): boolean {
  if (filter === 'refused') return item.state === 'refused'
  return filter === 'all' || (item.state !== 'sent' && item.state !== 'replaced')
}
