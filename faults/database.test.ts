import { testCases } from './testCases.ts'

testCases(['D03', 'D12'])
