-- What all cells of a server share. Run as a superuser, by one host at a time; running it again
-- changes nothing.

do $$
begin
  if to_regrole('tenants') is null then
    create role tenants;
  end if;
  if to_regrole('provisioner') is null then
    create role provisioner;
  end if;
end
$$;

-- Every tenant is a member; nobody logs in as it.
alter role tenants
  nologin nosuperuser nocreatedb nocreaterole noreplication nobypassrls;

-- Makes and drops tenants. Not a superuser: it cannot read their tables.
alter role provisioner
  login nosuperuser nocreatedb createrole noreplication nobypassrls
  connection limit 20;
grant tenants to provisioner with admin true, inherit false, set false;

-- To end a tenant's sessions before it is dropped.
grant pg_signal_backend to provisioner;

-- Tenants get into their cells only. `template1` and `postgres` come with every server; the control
-- database is the one that this runs in or is named by the host.
revoke all on database postgres, template1 from public;
