import type { cases } from '@xunge/types'

export type CaseRow = cases.CaseRow
export type CaseList = cases.CaseList
export type CaseDetail = cases.CaseDetail
export type Counts = cases.Counts
export type MapPoints = cases.MapPoints
export type Outside = NonNullable<CaseDetail['reporter']>

export const sourceNames: Record<string, string> = {
  worker: '网格员上报',
  supervisor: '监督员上报',
  hotline: '热线',
  leader: '领导交办',
  media: '媒体曝光',
  public: '公众举报',
  peer: '外系统转入',
}
