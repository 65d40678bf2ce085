export const taskNames: Record<string, string> = {
  verify: '核实',
  check: '核查',
  recollect: '补采',
}
