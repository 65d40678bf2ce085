import type { cases } from '@xunge/types'
import { kindNames, partState } from './caseWords'

type Part = cases.Assignment

export interface PartNode {
  part: Part
  given: PartNode[]
}

/** Who gave to whom: a part hangs under the last earlier part of the org that gave it. */
export function treeOf(parts: readonly Part[]): PartNode[] {
  const nodes = parts.map((part): PartNode => ({ part, given: [] }))
  const roots: PartNode[] = []
  nodes.forEach((node, n) => {
    const giver = nodes
      .slice(0, n)
      .findLast(({ part }) => part.org === node.part.by_org && part.org !== node.part.org)
    ;(giver?.given ?? roots).push(node)
  })
  return roots
}

/** The nodes whose org's name holds the text, each alone; all as they are without one. */
export function searched(
  nodes: readonly PartNode[],
  text: string,
  nameOf: (org: string) => string,
): PartNode[] {
  if (!text.trim()) return [...nodes]
  return nodes.flatMap((node) => [
    ...(nameOf(node.part.org).includes(text.trim()) ? [{ part: node.part, given: [] }] : []),
    ...searched(node.given, text, nameOf),
  ])
}

/** The parts as text to paste into a chat. */
export function partsText(
  title: string,
  nodes: readonly PartNode[],
  nameOf: (org: string) => string,
  indent = '',
): string {
  const lines = nodes.map(({ part, given }) => {
    const words = part.requirement ? `：${part.requirement}` : ''
    const line = `${indent}${kindNames[part.kind]} ${nameOf(part.org)}（${partState(part)}）${words}`
    return given.length ? `${line}\n${partsText('', given, nameOf, `${indent}  `)}` : line
  })
  return [title, ...lines].filter(Boolean).join('\n')
}
