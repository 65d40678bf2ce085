/** Figures of the evaluation as people read them, and the periods one asks for. */

import type { windows } from '@xunge/types'
import { cityDay } from './time'

export type Evaluation = windows.Evaluation
export type Figures = windows.Figures
export type Indicator = windows.IndicatorView
export type Drill = windows.Drill
export type Subject = Evaluation['subject']
export type PeriodKind = Evaluation['period']

export const subjects: readonly (readonly [Subject, string])[] = [
  ['area', '区域'],
  ['org', '部门'],
  ['post', '岗位'],
  ['person', '人员'],
]

export const periods: readonly (readonly [PeriodKind, string])[] = [
  ['day', '日'],
  ['week', '周'],
  ['month', '月'],
  ['quarter', '季'],
  ['half', '半年'],
  ['year', '年'],
]

const MONTHS: Partial<Record<PeriodKind, number>> = { month: 1, quarter: 3, half: 6, year: 12 }
const DAY_MS = 86_400_000

/** The day on which the period so many steps on begins or lies; days are yyyy-mm-dd. */
export function step(kind: PeriodKind, day: string, by: number): string {
  const months = MONTHS[kind]
  if (months === undefined) {
    const days = (kind === 'week' ? 7 : 1) * by
    return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10)
  }
  const count = Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1 + months * by
  return `${Math.floor(count / 12)}-${String((count % 12) + 1).padStart(2, '0')}-01`
}

/** 2026年11月20日, 11月16日至22日, 2026年11月, 2026年第4季度, 2026年下半年, 2026年. */
export function periodName({ period, start, end }: Pick<Evaluation, 'period' | 'start' | 'end'>) {
  const [year = '', month = '', day = ''] = start.split('-').map((part) => String(Number(part)))
  const last = new Date(Date.parse(end) - DAY_MS).toISOString().slice(5, 10).split('-').map(Number)
  switch (period) {
    case 'day':
      return `${year}年${month}月${day}日`
    case 'week':
      return `${year}年${month}月${day}日至${last[0]}月${last[1]}日`
    case 'month':
      return `${year}年${month}月`
    case 'quarter':
      return `${year}年第${Math.ceil(Number(month) / 3)}季度`
    case 'half':
      return `${year}年${Number(month) < 7 ? '上' : '下'}半年`
    default:
      return `${year}年`
  }
}

/** Whether a period is still running, so that its figures grow. */
export function isRunning({ end }: Pick<Evaluation, 'end'>, now: number): boolean {
  return cityDay(now) < end
}

/** 12, 83.3%, 3 小时 20 分; — where there is nothing to share by. */
export function valueText(kind: Indicator['kind'], value: number | null | undefined): string {
  if (value === null || value === undefined) return '—'
  if (kind === 'ratio') return `${Math.round(value * 1000) / 10}%`
  if (kind === 'duration') {
    const [hours, minutes] = [Math.floor(value / 60), value % 60]
    return hours ? `${hours} 小时${minutes ? ` ${minutes} 分` : ''}` : `${minutes} 分`
  }
  return value.toLocaleString('zh-CN')
}

export interface Change {
  text: string
  way: 'up' | 'down' | 'same'
}

/** How a value stands to one before: shares by percentage points, counts by percent. */
export function changeOf(
  kind: Indicator['kind'],
  now: number | null | undefined,
  before: number | null | undefined,
): Change | null {
  if (now === null || now === undefined || before === null || before === undefined) return null
  if (now === before) return { text: '持平', way: 'same' }
  const way = now > before ? 'up' : 'down'
  if (kind === 'ratio') {
    const points = Math.round(Math.abs(now - before) * 1000) / 10
    return { text: `${points} 个百分点`, way }
  }
  if (before === 0) return { text: '新增', way }
  return { text: `${Math.round((Math.abs(now - before) / before) * 1000) / 10}%`, way }
}
