/** What the values of conditions are called. */

import type { CaseFilters } from './filters'

type Names<Name extends keyof CaseFilters> = Record<NonNullable<CaseFilters[Name]> & string, string>

export const lampNames: Names<'lamp'> = { green: '正常', yellow: '将到期', red: '超时' }

export const stageNames: Names<'stage'> = {
  reported: '上报',
  accepted: '受理',
  filed: '立案',
  dispatched: '派遣',
  handled: '处置',
  checked: '核查',
  closed: '结案',
}

export const periodNames: Names<'reported_within'> = {
  today: '今天',
  week: '本周',
  month: '本月',
}

export const scopeNames: Names<'scope'> = {
  own_and_below: '本级及下级',
  own: '本级',
  below: '下级',
}

export const mineNames: Names<'mine'> = { owned: '我包案的', reported: '我上报的' }

/** What a case may be marked with: yes, and no. */
export const flagNames = {
  ended: ['已办结', '在办'],
  urgent: ['紧急', '不紧急'],
  suspended: ['挂账中', '未挂账'],
  sensitive: ['敏感', '不敏感'],
} as const
