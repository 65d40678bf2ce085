import type { CaseDetail } from './caseApi'

export interface Advice {
  org: string
  name: string
  reason: string
}

/** The orgs that the service advises, the best first, each with why. */
export function advised({ recommended }: Pick<CaseDetail, 'recommended'>): Advice[] {
  return recommended.map(({ org, name, reasons }) => ({ org, name, reason: reasons.join('；') }))
}
