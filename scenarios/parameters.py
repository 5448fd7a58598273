"""The settings of a list that a scenario may read as `[list->name]`: those that have one plain value."""

from __future__ import annotations

# What Sympa 6.2 calls them.
_ESTABLISHED = """
account address anonymous_sender arc_feature archive_crypted_msg clean_delay_queuemod cookie custom_subject
delivery_time digest_max_size distribution_ttl expire_task family_name footer_type forced_reply_to host
inclusion_notification_feature lang loop_prevention_regex max_size merge_feature msg_topic_keywords_apply_on
msg_topic_tagging name owner_domain owner_domain_min personalization_feature pictures_feature priority
process_archive reject_mail_from_automates_feature remind_return_path remind_task reply_to serial spam_protection
sql_fetch_timeout status subject total ttl user_data_source verp_rate web_archive_spam_protection
welcome_return_path
"""
# Each names a scenario, which is not a plain value there.
_POLICIES = "add del info invite remind review send subscribe unsubscribe visibility"

# Ours, which have other names or no counterpart.
_OURS = """
alt_email_policy archive_mail_access archive_web_access bounce_complaint bounce_decay_days bounce_digest bounce_probe
bounce_probe_days bounce_suspend_score bounce_warn_score created_at d_edit d_read del description dkim_sign_posts
dmarc_exempt_domains dmarc_policies dmarc_protection document_size_limit documents_quota domain language
latest_message_at merge message_size_limit most_posts_per_author_per_hour most_posts_per_hour personalization
reply_to_list strict_main_address subject_tag tells_peers tracking updated_at verp_every
"""

ESTABLISHED = frozenset(_ESTABLISHED.split())
POLICIES = frozenset(_POLICIES.split())
READABLE = ESTABLISHED | POLICIES | frozenset(_OURS.split())
