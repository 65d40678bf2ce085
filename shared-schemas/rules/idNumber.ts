/** Resident identity numbers, GB 11643-1999: the twin of backend/registry/rules/numbers.py. */

export type NumberFault = 'length' | 'character' | 'birth_date' | 'check_digit' | 'area_code'

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
/** ISO 7064 MOD 11-2: the character for each remainder. */
const CHECK = '10X98765432'
/** First and last number of each block of provinces, GB/T 2260. */
const PROVINCES = [
  [11, 15],
  [21, 23],
  [31, 37],
  [41, 46],
  [50, 54],
  [61, 65],
  [71, 71],
  [81, 83],
] as const

/** What is wrong with a number, or null. `today` is a date, YYYY-MM-DD. */
export function numberFault(number: string, today: string): NumberFault | null {
  if (!/^[0-9X]*$/.test(number)) return 'character'
  if (number.length !== 18) return 'length'
  if (number.slice(0, 17).includes('X')) return 'character'
  const born = birthOf(number)
  if (born === null || born > today) return 'birth_date'
  if (checkDigit(number.slice(0, 17)) !== number[17]) return 'check_digit'
  const province = Number(number.slice(0, 2))
  return PROVINCES.some(([first, last]) => first <= province && province <= last)
    ? null
    : 'area_code'
}

/** The last character for the first seventeen. */
export function checkDigit(first: string): string {
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(first[index]), 0)
  return CHECK[sum % 11] ?? ''
}

/** The birth date in an 18-character number, or null when there is no such day. */
export function birthOf(number: string): string | null {
  const born = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`
  const read = new Date(`${born}T00:00:00Z`)
  return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(born) ? born : null
}

/** The sex in an 18-character number, GB/T 2261.1: odd is male. */
export function sexOf(number: string): '1' | '2' {
  return Number(number[16]) % 2 === 1 ? '1' : '2'
}
