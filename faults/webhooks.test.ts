import { testCases } from './testCases.ts'

testCases(['W02', 'W04', 'W06', 'W10'])
