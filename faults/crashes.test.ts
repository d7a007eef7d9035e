import { testCases } from './testCases.ts'

testCases(['K01-embedded', 'K17', 'P01', 'P03'])
