# Cassandra's jars in the user's cache, fetched once for all clones. The list of checksums is written last and read before each
# start: a folder that is incomplete or damaged is fetched again.
jars_dir=$cache_dir/cassandra-$cassandra_version
jars_log=$stack_dir/cassandra/jars.log

require_jars() {
  jars_are_whole && return
  command -v mvn >/dev/null || require_packages cassandra maven
  mkdir -p "$cache_dir" 2>/dev/null && [ -w "$cache_dir" ] ||
    fail "cassandra: the cache folder $cache_dir cannot be written. Set LOCAL_STACK_CACHE to one that can."
  (
    exec 7>"$cache_dir/cassandra-$cassandra_version.lock"
    flock 7
    jars_are_whole || fetch_jars
  ) || exit 1
}

jars_are_whole() { (cd "$jars_dir" && sha256sum --quiet --strict --check SHA256SUMS) >/dev/null 2>&1; }

fetch_jars() {
  echo "cassandra: fetching the jars of $cassandra_version into $jars_dir"
  rm -rf "$jars_dir" "$jars_dir.part"
  mvn -B -q -f "$stack_source/cassandra/pom.xml" -Dcassandra.version="$cassandra_version" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$jars_dir.part" >"$jars_log" 2>&1 7>&- 9>&- </dev/null ||
    fail_with_logs "cassandra: Maven could not fetch the jars" "$jars_log"
  (cd "$jars_dir.part" && sha256sum -- *.jar >SHA256SUMS)
  mv "$jars_dir.part" "$jars_dir"
}
