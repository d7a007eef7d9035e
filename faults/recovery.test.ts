import { testCases } from './testCases.ts'

// A file of its own: these wait for leases while the others compute.
testCases(['K01-external', 'K13', 'C08', 'S02'])
