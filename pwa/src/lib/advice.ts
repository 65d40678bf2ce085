import type { CaseDetail } from './caseApi'

export interface Advice {
  org: string
  name: string
  reason: string
}

/** The orgs that the service advises, each with why. */
export function advised({ recommended }: Pick<CaseDetail, 'recommended'>): Advice[] {
  if (recommended === null) return []
  return [{ org: recommended.org, name: recommended.name, reason: '按派遣规则推荐' }]
}
