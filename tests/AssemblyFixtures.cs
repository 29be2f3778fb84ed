using Ci.Tests.EndToEnd;
using Ci.Tests.Fixtures;

[assembly: AssemblyFixture(typeof(Azurite))]
[assembly: AssemblyFixture(typeof(DockerEngine))]
[assembly: AssemblyFixture(typeof(DockerRegistry))]
[assembly: AssemblyFixture(typeof(Chromium))]
[assembly: AssemblyFixture(typeof(Ci.Tests.Local.SampleHost))]
[assembly: AssemblyFixture(typeof(IdleHosts))]
