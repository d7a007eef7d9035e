import { testCases } from './testCases.ts'

testCases(['kill-embedded', 'P01', 'P03'])
