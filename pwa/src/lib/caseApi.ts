import type { cases, catalogue } from '@xunge/types'

export interface CaseRow {
  id: string
  number: string
  state: string
  stage: cases.Case['stage']
  ending: cases.Case['ending']
  flow: string
  category: string
  description: string
  address: string
  grid: string
  org: string | null
  source: string
  urgent: boolean
  photo: string | null
  reported_at: string
  yellow_at: string | null
  due_at: string | null
  ended_at: string | null
}
export interface CaseList {
  items: CaseRow[]
  next: string | null
}
export interface Counts {
  boxes: { code: string; name: string; count: number }[]
}
export interface MapPoints {
  points: {
    id: string
    longitude: number
    latitude: number
    state: string
    category: string
    yellow_at: string | null
    due_at: string | null
  }[]
  more: boolean
}
export interface Outside {
  name: string | null
  phone: string | null
}
export interface CaseDetail {
  case: cases.Case
  actions: catalogue.Action[]
  recommended: { org: string; name: string; category: string; area: string } | null
  workers: { id: string; name: string }[]
  awaited: string[]
  reporter: Outside | null
}

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
