import { describe, expect, it } from 'vitest'
import { useTrail } from '../src/composables/useTrail'

const { follow, next } = useTrail()

describe('the next case of a list', () => {
  it('follows the open one', () => {
    follow(['a', 'b', 'c'], '', '/cases?box=x')
    expect(next('a')).toBe('b')
    expect(next('c')).toBeNull()
  })

  it('is still the one behind it when the open one has left the list', () => {
    follow(['a', 'b', 'c', 'd'], 'b', '/cases?box=x')
    follow(['a', 'd', 'e'], 'b', '/cases?box=x')
    expect(next('b')).toBe('d')
    follow(['a', 'e'], 'b', '/cases?box=x')
    expect(next('b')).toBe('e')
  })

  it('is none once another list is looked at', () => {
    follow(['a', 'b'], 'b', '/cases?box=x')
    follow(['m', 'n'], 'b', '/cases?box=y')
    expect(next('b')).toBeNull()
  })
})
