#include "agent/news.h"

void azm_news_note(struct azm_news *news, azm_slice line)
{
    char text[sizeof news->notes[0]];
    azm_slice_copy(line, text, sizeof text);
    for (size_t i = 0; i < news->note_count; i++)
        if (strcmp(news->notes[i], text) == 0)
            return;
    if (news->note_count == AZM_NEWS_NOTES)
        memmove(news->notes, news->notes + 1, sizeof news->notes - sizeof news->notes[0]);
    else
        news->note_count++;
    memcpy(news->notes[news->note_count - 1], text, sizeof text);
}

enum azm_status azm_news_report(struct azm_news *news, azm_slice record)
{
    struct azm_report report;
    if (record.len > sizeof news->report_record || azm_record_get_report(record, &report) != AZM_OK)
        return AZM_BAD_INPUT;
    memcpy(news->report_record, record.ptr, record.len);
    news->has_report = true;
    return azm_record_get_report(azm_slice_of(news->report_record, record.len), &news->report);
}
