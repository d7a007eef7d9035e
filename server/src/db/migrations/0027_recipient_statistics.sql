-- The planner needs to know how a campaign's rows spread over states, numbers and phones, not what people are called.
alter table campaign_contacts
  alter column variables set statistics 0, alter column name set statistics 0, alter column send_to set statistics 0;
