import type { admin } from '@xunge/types'
import { commandName } from './outboxText'

export type Kept = admin.KeptCommand
export type KeptKind = Kept['outcome']

export const kinds: Record<KeptKind, { title: string; empty: string; hint: string }> = {
  held: {
    title: '等待中',
    empty: '没有等待中的提交',
    hint: '所依据的内容送达后，提交会自动生效。',
  },
  rejected: {
    title: '被退回',
    empty: '没有耽误别人的退回',
    hint: '这里只列有后续提交在等它的；提交人更正后，后续的自动生效。',
  },
  clash: {
    title: '内容冲突',
    empty: '没有内容冲突',
    hint: '同一编号先后送来两份不同的内容时，两份都保留，等您决定。',
  },
}

const names: Record<string, string> = {
  'case.report': '上报案件',
  'case.act': '办理案件',
}

/** What a kept command is called. */
export function nameOf(type: string): string {
  return names[type] ?? commandName(type)
}

const states: Record<string, string> = {
  accepted: '已生效',
  rejected: '被退回',
  held: '也在等待',
  clash: '内容冲突',
}

/** What one command waits for, in words. */
export function awaitedText(awaited: Kept['waits_for'][number]): string {
  if (awaited.outcome === null) return '一条还没有送达的提交'
  return `${nameOf(awaited.type ?? '')}（${states[awaited.outcome] ?? '不明'}）`
}

/** The two ways out, as a person would say them for a command of this kind. */
export function choices(
  kind: KeptKind,
): readonly { code: 'go_on' | 'refuse'; text: string; hint: string }[] {
  return kind === 'clash'
    ? [
        { code: 'refuse', text: '以先到的为准', hint: '后到的这一份退回给提交人，附上您的说明。' },
        { code: 'go_on', text: '以后到的为准', hint: '后到的这一份也执行；已经生效的不会撤销。' },
      ]
    : [
        {
          code: 'go_on',
          text: '不再等待，直接执行',
          hint: '按现在的情况判断，不合规定的仍会退回。',
        },
        {
          code: 'refuse',
          text: '退回给提交人',
          hint: '提交人会看到您的说明，可以更正后重新提交。',
        },
      ]
}
