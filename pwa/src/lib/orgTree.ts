import type { catalogue, directory } from '@xunge/types'

type Org = Pick<directory.Org, 'code' | 'name' | 'parent'>
export type Relation = catalogue.Input['within'][number]

/** The orgs an input lets one choose, seen from one's own; no relation means all. */
export function reachable<T extends Org>(
  orgs: readonly T[],
  own: string,
  within: readonly Relation[],
): T[] {
  if (within.length === 0) return [...orgs]
  const byCode = new Map(orgs.map((org) => [org.code, org]))
  const mine = byCode.get(own)
  return orgs.filter((org) => within.some((relation) => related(org, relation)))

  function related(org: T, relation: Relation): boolean {
    if (org.code === own) return false
    switch (relation) {
      case 'parent':
        return org.code === mine?.parent
      case 'children':
        return org.parent === own
      case 'siblings':
        return mine !== undefined && mine.parent !== null && org.parent === mine.parent
      case 'descendants':
        return under(org)
    }
  }

  function under(org: T): boolean {
    const seen = new Set<string>()
    for (let each: T | undefined = org; each?.parent != null; each = byCode.get(each.parent)) {
      if (each.parent === own) return true
      if (seen.has(each.code)) return false
      seen.add(each.code)
    }
    return false
  }
}

/** As one looks for them: departments and companies before the many communities, then by name. */
export function inOrder<T extends Pick<directory.Org, 'name' | 'kind'>>(orgs: readonly T[]): T[] {
  const last = ({ kind }: T) => Number(kind === 'community')
  return [...orgs].sort((a, b) => last(a) - last(b) || a.name.localeCompare(b.name, 'zh-CN'))
}
