import type { cases } from '@xunge/types'

export type CaseRow = cases.CaseRow
export type CaseList = cases.CaseList
export type CaseDetail = cases.CaseDetail
export type Counts = cases.Counts
export type MapPoints = cases.MapPoints
export type Outside = NonNullable<CaseDetail['reporter']>

/** What a list or map of cases is narrowed to; empty text means all. */
export interface CaseFilters {
  box: string
  lamp: string
  category: string
  q: string
  area: string
  source: string
}

export const noFilters: CaseFilters = {
  box: '',
  lamp: '',
  category: '',
  q: '',
  area: '',
  source: '',
}

export function query(filters: CaseFilters, more: Record<string, string> = {}): string {
  const given = Object.entries({ ...filters, ...more }).filter(([, value]) => value !== '')
  return new URLSearchParams(given).toString()
}

export const sourceNames: Record<string, string> = {
  worker: '网格员上报',
  supervisor: '监督员上报',
  hotline: '热线',
  leader: '领导交办',
  media: '媒体曝光',
  public: '公众举报',
  peer: '外系统转入',
}
