using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class StepUpTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 22, 19, 0, 0, 900, TimeSpan.Zero);

    [Theory]
    [InlineData(0, true)]
    [InlineData(-300, true)]
    [InlineData(-301, false)]
    [InlineData(-1_000_000_000, false)]
    [InlineData(30, true)]
    [InlineData(31, false)]
    [InlineData(1_000_000_000, false)]
    public void An_authentication_is_as_recent_as_is_asked(int seconds, bool isRecent) =>
        Assert.Equal(isRecent ? null : StepUpLack.Recency, FiveMinutes().LackOf(At(Now.ToUnixTimeSeconds() + seconds), Now));

    [Theory]
    [InlineData(null)]
    [InlineData(0L)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void What_is_no_time_of_an_authentication_is_never_recent(long? at) => Assert.Equal(StepUpLack.Recency, FiveMinutes().LackOf(At(at), Now));

    [Fact]
    public void Of_levels_one_is_enough_and_of_methods_all_are_needed()
    {
        var stepUp = new StepUp(null, ["gold", "silver"], ["otp", "pwd"]);
        Assert.Null(stepUp.LackOf(new Authentication(null, ["silver"], ["pwd", "otp", "kba"]), Now));
        Assert.Equal(StepUpLack.Level, stepUp.LackOf(new Authentication(null, [], ["pwd", "otp"]), Now));
        Assert.Equal(StepUpLack.Level, stepUp.LackOf(new Authentication(null, ["Gold", "gold silver"], ["pwd", "otp"]), Now));
        Assert.Equal(StepUpLack.Method, stepUp.LackOf(new Authentication(null, ["gold"], ["otp"]), Now));
        Assert.Equal(StepUpLack.Method, stepUp.LackOf(new Authentication(null, ["gold"], ["pwd otp"]), Now));
    }

    [Theory]
    [InlineData(Operation.RemovingKey, 1)]
    [InlineData(Operation.ChangingKey, 2)]
    [InlineData(Operation.ChangingNewKey, 2)]
    [InlineData(Operation.EnablingMfa, 3)]
    [InlineData(Operation.AddingKey, 4)]
    public void The_most_specific_entry_holds_and_a_change_is_one_in_both_its_steps(Operation operation, int minutes)
    {
        var options = Options((null, 4), ("userKeys/removing", 1), ("mfa/enabling", 3), ("userKeys/changing", 2));
        Assert.Equal(TimeSpan.FromMinutes(minutes), StepUpOptions.For(operation, options)?.MaxAge);
    }

    [Fact]
    public void The_second_step_of_a_change_may_have_an_entry_of_its_own()
    {
        var options = Options(("userKeys/changing/newKey", 1), ("userKeys/changing", 2));
        Assert.Equal(TimeSpan.FromMinutes(1), StepUpOptions.For(Operation.ChangingNewKey, options)?.MaxAge);
        Assert.Equal(TimeSpan.FromMinutes(2), StepUpOptions.For(Operation.ChangingKey, options)?.MaxAge);
        Assert.Null(StepUpOptions.For(Operation.RemovingKey, options));
    }

    [Fact]
    [Trait("ASVS", "7.5.1")]
    public void The_profile_Strict_asks_for_a_recent_authentication_everywhere()
    {
        var options = new CountersignOptions { Profile = CountersignProfile.Strict };
        options.StepUp.Add(new StepUpOptions { Operation = "mfa/disabling", AmrValues = { "otp" } });
        options.StepUp.Add(new StepUpOptions { Operation = "userKeys/removing", MaxAge = TimeSpan.FromMinutes(5) });

        Assert.Equal((TimeSpan.FromMinutes(15), "otp"), (StepUpOptions.For(Operation.DisablingMfa, options)?.MaxAge, StepUpOptions.For(Operation.DisablingMfa, options)?.AmrValues.Single()));
        Assert.Equal(TimeSpan.FromMinutes(5), StepUpOptions.For(Operation.RemovingKey, options)?.MaxAge);
        Assert.All(Enum.GetValues<Operation>(), operation => Assert.True(StepUpOptions.For(operation, options)?.MaxAge <= TimeSpan.FromMinutes(15)));
        Assert.All(Enum.GetValues<Operation>(), operation => Assert.Null(StepUpOptions.For(operation, new CountersignOptions())));
    }

    static StepUp FiveMinutes() => new(TimeSpan.FromMinutes(5), [], []);

    static Authentication At(long? at) => new(at, [], []);

    static CountersignOptions Options(params (string? Operation, int Minutes)[] entries)
    {
        var options = new CountersignOptions();
        foreach (var (operation, minutes) in entries)
            options.StepUp.Add(new StepUpOptions { Operation = operation, MaxAge = TimeSpan.FromMinutes(minutes) });
        return options;
    }
}
