import type { settings } from '@xunge/types'

export type Kind = settings.KindView
export type Column = settings.ColumnView
export type Row = settings.RowView
export type Preview = settings.Preview
export type Finding = settings.FindingView
export type Cells = Record<string, string>

/** Rows of a sheet as they are sent: whole, with the versions that were looked at. */
export interface RowsChange {
  sheet: string
  rows: Cells[]
  bases: Record<string, number>
  adding: boolean
}

export const MOST_BYTES = 5 * 1024 * 1024

/** Groups of kinds, as an administrator thinks of them. */
export const groups: readonly { title: string; kinds: readonly string[] }[] = [
  {
    title: '案件怎么办',
    kinds: ['category', 'standard', 'dispatch_rule', 'target_group', 'label'],
  },
  { title: '时间怎么算', kinds: ['calendar', 'day', 'calendar_rule'] },
  { title: '流程、表单与参数', kinds: ['flow', 'form', 'setting'] },
  { title: '组织与权限（只看）', kinds: ['org', 'post', 'role'] },
]

export const about: Record<string, string> = {
  category: '大类小类、拍照要求、表单、核查方式',
  standard: '立案条件、结案标准、时限',
  dispatch_rule: '哪类案件在哪里归谁',
  target_group: '常一起交办的部门',
  label: '贴在案件上的词，谁管、在哪里用、用到何时',
  calendar: '每周的上班时间',
  day: '放假与调休',
  calendar_rule: '谁的时间按哪个日历算',
  flow: '状态、动作、箱；改动要传新版本',
  form: '上报时填的表；改动要传新版本',
  setting: '单个的值',
  org: '部门与上下级',
  post: '岗位、所负责的区划',
  role: '每种角色的权限',
}

/** Rows that belong to the same stored thing: alike in all key columns but the last. */
export function groupOf(kind: Kind, cells: Cells): string {
  return kind.keys
    .slice(0, -1)
    .map((header) => cells[header] ?? '')
    .join('\n')
}

export function blank(kind: Kind): Cells {
  return Object.fromEntries(kind.columns.map(({ header }) => [header, '']))
}

export const parts = (text: string): string[] => text.split('、').filter(Boolean)
