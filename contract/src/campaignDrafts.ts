import { z } from 'zod'
import { id, instant } from './common.ts'

/** Of the whole request, as JSON. */
export const MAX_DRAFT_BYTES = 512 * 1024
/** Drafts that an account may have at once. */
export const MAX_DRAFTS = 200

/** What the new-campaign page holds; only the page knows its fields. The list shows its `name`, where that is a text. */
const draftData = z.record(z.string().max(100), z.unknown())

/**
 * `PUT /api/user/campaign-drafts/:id`, an id that the page made. `revision`: what the page believes to be stored, 0 for a
 * new one. Where something newer is stored: 409 CONFLICT with the stored draft in `details.draft`; where it was deleted
 * meanwhile: 404, and revision 0 stores it anew.
 */
export const saveDraftBody = z.strictObject({ data: draftData, revision: z.int().min(0).max(1e9) })
export type SaveDraftBody = z.infer<typeof saveDraftBody>

export const savedDraft = z.object({ revision: z.number() })

/** `GET /api/user/campaign-drafts/:id` */
export const campaignDraft = z.object({ id, data: draftData, revision: z.number(), updatedAt: instant })
export type CampaignDraft = z.infer<typeof campaignDraft>

/** A row of the list, the newest first. */
export const campaignDraftSummary = z.object({ id, name: z.string(), createdAt: instant, updatedAt: instant })
export type CampaignDraftSummary = z.infer<typeof campaignDraftSummary>
