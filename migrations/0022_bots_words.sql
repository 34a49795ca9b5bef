-- What the host says of a version, apart from what a bot printed or threw while it started: that may quote a customer, and
-- is shown only to who may see what people wrote. Of what is there already nobody knows whose words it is.
alter table version add column error_is_hosts boolean not null default false;
alter table version_log add column is_hosts boolean not null default false;
